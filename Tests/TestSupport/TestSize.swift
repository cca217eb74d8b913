import Foundation

/// How large the largest cases are: `CLMAT_TEST_SIZE=small` is for devices that are simulated, instruction by
/// instruction. Every test still runs, at sizes that divide by nothing.
public enum TestSize {
    public static let isSmall = ProcessInfo.processInfo.environment["CLMAT_TEST_SIZE"] == "small"

    public static func large(_ count: Int, small: Int) -> Int { isSmall ? small : count }
}
