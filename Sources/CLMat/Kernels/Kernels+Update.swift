import CLMatKernels

extension Kernel {
    static let sgdMomentum = Kernel("sgd_momentum", in: .update) { a, items in
        sgd_momentum(
            items.lowerBound, items.upperBound, a.float(1), a.float(2), a.floats(3), a.mutableFloats(4),
            a.mutableFloats(5))
    }
    static let rmspropMomentum = Kernel("rmsprop_momentum", in: .update) { a, items in
        rmsprop_momentum(
            items.lowerBound, items.upperBound, a.float(1), a.float(2), a.float(3), a.float(4), a.int(5), a.floats(6),
            a.mutableFloats(7), a.mutableFloats(8), a.mutableFloats(9))
    }
    static let runningMean = Kernel("running_mean", in: .update) { a, items in
        running_mean(items.lowerBound, items.upperBound, a.float(1), a.floats(2), a.mutableFloats(3))
    }
    static let langevinStep = Kernel("langevin_step", in: .langevin) { a, chains in
        langevin_step(
            chains.lowerBound, chains.upperBound, a.int(0), a.float(1), a.float(2), a.float(3), a.float(4), a.float(5),
            a.int(6), a.float(7), a.float(8), a.float(9), a.int(10), a.int(11), a.floats(12), a.floats(13),
            a.floats(14), a.floats(15), a.floats(16), a.mutableFloats(17), a.mutableFloats(18), a.mutableFloats(19),
            a.mutableFloats(20), a.mutableFloats(21), a.mutableInts(22), a.mutableFloats(23), a.mutableFloats(24))
    }

    // The same for large images, in parts.
    static let langevinUpdate = Kernel("langevin_update", in: .langevin) { a, parts in
        langevin_update(
            parts.lowerBound, parts.upperBound, a.int(0), a.int(1), a.int(2), a.float(3), a.float(4), a.float(5),
            a.float(6), a.float(7), a.int(8), a.float(9), a.float(10), a.float(11), a.int(12), a.int(13), a.floats(14),
            a.floats(15), a.floats(16), a.floats(17), a.floats(18), a.floats(19), a.floats(20), a.ints(21),
            a.mutableFloats(22), a.mutableFloats(23), a.mutableFloats(24), a.mutableFloats(25), a.mutableFloats(26),
            a.mutableFloats(27))
    }
    static let langevinFinish = Kernel("langevin_finish", in: .langevin) { a, chains in
        langevin_finish(
            chains.lowerBound, chains.upperBound, a.int(0), a.int(1), a.float(2), a.floats(3), a.floats(4), a.floats(5),
            a.mutableFloats(6), a.mutableInts(7), a.mutableFloats(8), a.mutableFloats(9))
    }
}
