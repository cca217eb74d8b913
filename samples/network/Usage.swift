import CLMat
import Foundation

/// What the program says of itself, and what it does before anything else.
enum Usage {
    private static let text = """
        network: opens a window on a small network that learns Fashion-MNIST, with the sampler.
        It has no options but --help; the environment variable CLMAT_DEVICE names the device.
        """

    /// Prepares the standard streams. Ends the program if it was asked for help, or for what it does not have.
    static func begin() {
        Descriptors.prepare()
        guard let argument = CommandLine.arguments.dropFirst().first else { return }
        guard argument == "--help" || argument == "-h" else {
            StandardError.say("network: there is no option \(argument).\n\(text)")
            exit(64)
        }
        do throws(CLMatError) {
            try StandardOutput.say(text)
        } catch {
            StandardError.say("network: \(error)")
            exit(1)
        }
        exit(0)
    }
}
