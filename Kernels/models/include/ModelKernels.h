// What Swift has to know of the kernels in this folder beside their names (clmat/registry.h).
#ifndef MODEL_KERNELS_H
#define MODEL_KERNELS_H

// As in shared/kmeans.h: the compiler says if they differ.
#define CLMAT_KMEANS_STRIP 32

// As in shared/topics.h: the compiler says if they differ.
#define CLMAT_TOPICS_MOST 2048
#define CLMAT_FORM_POISSON 0
#define CLMAT_FORM_MULTINOMIAL 1

#endif
