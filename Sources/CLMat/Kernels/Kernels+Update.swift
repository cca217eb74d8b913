extension Kernel {
    static let sgdMomentum = Kernel("sgd_momentum", in: .update)
    static let rmspropMomentum = Kernel("rmsprop_momentum", in: .update)
    static let runningMean = Kernel("running_mean", in: .update)
    static let langevinStep = Kernel("langevin_step", in: .langevin)

    // The same for large images, in parts.
    static let langevinUpdate = Kernel("langevin_update", in: .langevin)
    static let langevinFinish = Kernel("langevin_finish", in: .langevin)
}
