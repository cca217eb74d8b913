// lstm.cl: a step of an LSTM layer for a whole batch, forward and backward (../shared/lstm.h), and dropout between layers.
//
//     z[r] + b -> i, f, g, o;   c[r + batch], h[r + batch] from c[r]            lstm_cell
//     dh[r], dc -> dz[r] in place of the gates, dc of the step before           lstm_cell_backward
//
// Launch    1-D, one work-item per unit: item i is unit i % units of sequence i / units.
// Layout    z  steps * batch rows of 4 units floats: i, f, g, o side by side, what the gates are formed from before and the gates
//              after lstm_cell, gradients of the former after lstm_cell_backward
//           c, h  (steps + 1) * batch x units; row r + batch is one step after row r; the first batch is where the window began
//           b  4 units;  dh  steps * batch x units;  dc  batch x units
// Host      checks shapes; row = step * batch.

__kernel void lstm_cell(const int n, const int units, const int batch, const int row, __global const float *bs,
                        __global float *zs, __global float *cs, __global float *hs)
{
    const int item = get_global_id(0);
    if (item >= n) return;
    const int u = item % units, r = row + item / units, after = (r + batch) * units + u;
    __global float *z = zs + r * 4 * units + u;
    const float i = clmat_gate(z[0] + bs[u]), f = clmat_gate(z[units] + bs[units + u]);
    const float g = clmat_tanh(z[2 * units] + bs[2 * units + u]), o = clmat_gate(z[3 * units] + bs[3 * units + u]);
    const float c = clmat_cell(i, f, g, cs[r * units + u]);
    z[0] = i;
    z[units] = f;
    z[2 * units] = g;
    z[3 * units] = o;
    cs[after] = c;
    hs[after] = o * clmat_tanh(c);
}

__kernel void lstm_cell_backward(const int n, const int units, const int batch, const int row, __global const float *cs,
                                 __global const float *dhs, __global float *zs, __global float *dcs)
{
    const int item = get_global_id(0);
    if (item >= n) return;
    const int u = item % units, r = row + item / units;
    __global float *z = zs + r * 4 * units + u;
    const float i = z[0], f = z[units], g = z[2 * units], o = z[3 * units];
    const float t = clmat_tanh(cs[(r + batch) * units + u]), dh = dhs[r * units + u];
    const float dc = clmat_cell_gradient(o, t, dh, dcs[item]);
    z[0] = clmat_gate_gradient(i, dc * g);
    z[units] = clmat_gate_gradient(f, dc * cs[r * units + u]);
    z[2 * units] = clmat_candidate_gradient(g, dc * i);
    z[3 * units] = clmat_gate_gradient(o, dh * t);
    dcs[item] = dc * f;
}
