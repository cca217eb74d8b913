extension Kernel {
    static let sgdMomentum = Kernel("sgd_momentum", in: .update)
    static let rmspropMomentum = Kernel("rmsprop_momentum", in: .update)
    static let runningMean = Kernel("running_mean", in: .update)
    static let langevinStep = Kernel("langevin_step", in: .langevin)

    /// The same with several work-groups for a chain.
    static let langevinParts = Kernel("langevin_parts", in: .langevin)
}
