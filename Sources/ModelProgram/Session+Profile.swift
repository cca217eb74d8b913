import CLMat
import Exploration

/// `--profile`, `--profile-from`, `--predict`.
extension Session {
    /// Has the device record from the step that was asked for.
    func startProfile() throws {
        guard options.profile else { return }
        let profile = device.profile
        profile.predicted = try options.predictedDevice()
        if profile.predicted != nil, device.kind == .cpu {
            let others = Device.openCL.isEmpty ? "pocl-opencl-icd brings one that needs no GPU" : "--device pocl, say"
            throw CLMatError.invalidValue(
                setting: "--predict", value: "\(options.predict ?? "") on the CPU",
                accepted: "an OpenCL device, since the CPU's own kernels are launched in other ways (\(others))")
        }
        let first = options.profileFrom ?? 0
        // What is recorded are steps: neither how the model is made, nor the tests at the end of a run.
        let last = learner.maximumSteps ?? .max
        profile.isRecording = first <= startStep
        learner.watchSteps { position in
            profile.isRecording = position.step >= first && position.step < last
            return position.step < last
        }
    }

    func tellProfile() throws(CLMatError) {
        let profile = device.profile
        profile.isRecording = false
        // A window's clicks may have led back, and further.
        let first = max(options.profileFrom ?? 0, startStep)
        guard learner.status.step > first else {
            throw .dataMismatch(
                "Nothing was recorded: the run ended at step \(learner.status.step), and --profile-from is \(first).")
        }
        let steps = learner.status.step - first
        let roofline = try Roofline.measure(on: device)
        results.tell("\(profile.report(steps: steps, roofline: roofline, showsLaunches: device.kind != .cpu))")
        if let model = profile.predicted, learner.status.stepsPerEpoch > 1 {
            let epoch = profile.predictedSeconds / Double(steps) * Double(learner.status.stepsPerEpoch)
            results.tell(
                "predicted for \(model.name): \(format(epoch * 1e3)) ms per epoch of \(learner.status.stepsPerEpoch) steps"
            )
        }
    }
}
