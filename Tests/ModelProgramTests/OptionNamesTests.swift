import CLMat
import Testing

@testable import ModelProgram

/// Errors of the library in the words of a command line.
@Suite struct OptionNamesTests {
    private let names = ["minimumLength, maximumLength": "--min-length", "clusters": "--clusters"]

    @Test func aSettingIsNamedAsItIsTyped() {
        let error = CLMatError.invalidValue(setting: "clusters", value: "0", accepted: "1 or more")
        #expect(error.naming(names) == .invalidValue(setting: "--clusters", value: "0", accepted: "1 or more"))
        let other = CLMatError.invalidValue(setting: "noise", value: "0", accepted: "1 or more")
        #expect(other.naming(names) == other)
    }

    @Test func whatToLoosenStandsInBrackets() {
        let error = CLMatError.dataMismatch("Of all clusters none is left (minimumLength, maximumLength) (clusters).")
        #expect(error.naming(names) == .dataMismatch("Of all clusters none is left (--min-length) (--clusters)."))
        let large = CLMatError.modelTooLarge(
            model: "K-means", device: "CPU", needed: 2, available: 1, remedy: "What would fit: 3 clusters (clusters).")
        #expect("\(large.naming(names))".contains("3 clusters (--clusters)."))
    }
}
