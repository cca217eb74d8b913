// segments.h: sums of rows by segment: in what pieces they are added up.
#ifndef CLMAT_SEGMENTS_H
#define CLMAT_SEGMENTS_H

// Rows that are added up before their sum is added to the whole: rounding errors grow with n / BLOCK + BLOCK, not n.
#define CLMAT_SEGMENT_BLOCK 64
// Columns that one item of a sum takes.
#define CLMAT_SEGMENT_CHUNK 256
// Columns that one item takes where sums of blocks are added up.
#define CLMAT_SEGMENT_STRIP 8

#endif
