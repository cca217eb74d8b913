// parts.cl: several arrays in one launch: put one behind the other, or reduced to a number each.
//
//     y[base + start_p + j] = x_p[j] for j < count_p, and 0 from there to the start of the next part      pack_parts
//     y[out_p] = reduction of x_p[0] ... x_p[count_p - 1], or y[out_p + j] = x_p[j]                       reduce_parts
//
// Launch    pack_parts: 1-D, one work-item per element of y that is written: those from base on, up to the end of the last part.
//           reduce_parts: one work-group of GROUP work-items per part.
// Layout    x_p   count_p elements of four bytes: floats or integers, which are copied bit by bit
//           y     pack_parts: a row of all parts; reduce_parts: a number or a copy per part
//           what  8 out + form of each part; the form is 0 copy, 1 sum, 2 sum of squares, 3 maximum, 4 minimum, 5 sum of sizes, 6 largest size (../shared/reduction.h); the order of a sum
//                 is that of reduction.cl for a segment of the same length
// Host      checks that starts rise, that start_p + count_p lies within the next start, and gives parts that there are not the
//           start of 2^31 - 1 (pack_parts), the count 0, and any buffer.

#ifndef GROUP
#define GROUP 64
#endif

// Eight at once.
#define PARTS(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
#define INTS(NAME) \
    const int NAME##0, const int NAME##1, const int NAME##2, const int NAME##3, const int NAME##4, const int NAME##5, \
    const int NAME##6, const int NAME##7
#define ARRAYS(NAME) \
    __global const int *NAME##0, __global const int *NAME##1, __global const int *NAME##2, __global const int *NAME##3, \
    __global const int *NAME##4, __global const int *NAME##5, __global const int *NAME##6, __global const int *NAME##7

__kernel void pack_parts(const int total, const int base, INTS(start), INTS(count), ARRAYS(x), __global int *ys)
{
    const int i = get_global_id(0);
    if (i >= total) return;
    int value = 0;
#define PACK(P) if (i >= start##P) value = i - start##P < count##P ? x##P[i - start##P] : 0;
    PARTS(PACK)
    ys[base + i] = value;
}

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void reduce_parts(INTS(what), INTS(count), ARRAYS(x), __global int *ys)
{
    __local float partials[GROUP];
    const int part = get_group_id(0), lane = get_local_id(0);
    __global const int *xs = x0;
    int what = what0, count = count0;
#define CHOOSE(P) if (part == P) { xs = x##P; what = what##P; count = count##P; }
    PARTS(CHOOSE)
    const int form = what % 8, out = what / 8;
    if (form == 0) {
        for (int i = lane; i < count; i += GROUP) ys[out + i] = xs[i];
        return;                                     // the whole group: form is that of the group's part
    }
    float a = form == 3 ? CLMAT_NEGATIVE_INFINITY : (form == 4 ? CLMAT_POSITIVE_INFINITY : 0.0f);
    for (int i = lane; i < count; i += GROUP) {
        const float x = as_float(xs[i]);
        if (form == 1) a = a + x;
        if (form == 2) a = a + x * x;
        if (form == 3) a = x > a ? x : a;
        if (form == 4) a = x < a ? x : a;
        if (form == 5) a = a + (x < 0.0f ? -x : x);
        if (form == 6) a = x > a ? x : (-x > a ? -x : a);
    }
    partials[lane] = a;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int half_count = GROUP / 2; half_count > 0; half_count /= 2) {
        if (lane < half_count) {
            const float b = partials[lane + half_count];
            a = form == 3 || form == 6 ? (b > a ? b : a) : (form == 4 ? (b < a ? b : a) : a + b);
            partials[lane] = a;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (lane == 0) ys[out] = as_int(a);
}
