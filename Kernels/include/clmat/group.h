// group.h: what the work-items of one work-group do together; in OpenCL C alone.
#ifndef GROUP
#define GROUP 64
#endif

// The sum of one number per work-item, in all of them. `partials` holds GROUP floats, and may be used again at once.
static float group_sum(float a, __local float *partials)
{
    const int lane = get_local_id(0);
    partials[lane] = a;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int half_count = GROUP / 2; half_count > 0; half_count /= 2) {
        if (lane < half_count) partials[lane] += partials[lane + half_count];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    const float sum = partials[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    return sum;
}
