extension Kernel {
    static let sgdMomentum = Kernel("sgd_momentum", in: .update)
    static let rmspropMomentum = Kernel("rmsprop_momentum", in: .update)
    static let runningMean = Kernel("running_mean", in: .update)
}
