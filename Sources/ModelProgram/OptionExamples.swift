/// What the help and the errors of the options that all models share show as examples: ids and numbers of the program's own models.
public struct OptionExamples: Sendable {
    /// Minibatches as the models have them if none is asked for: "kmeans 10000, lda an eighth of the documents".
    public var batch: String
    /// The id of a control that takes 0.1 and `off`.
    public var control: String
    /// The id of a control that is switched off in the middle of a run.
    public var toggle: String
    /// The id of a criterion.
    public var mixin: String
    /// The id of a second attachment.
    public var attachment: String

    /// Examples of a program that has not named its own.
    public init(
        batch: String = "", control: String = "rate", toggle: String = "training", mixin: String = "penalty",
        attachment: String = "sampler-2"
    ) {
        (self.batch, self.control, self.toggle) = (batch, control, toggle)
        (self.mixin, self.attachment) = (mixin, attachment)
    }

    /// A control of the second attachment that follows the first one's.
    var link: String { "\(attachment).\(control)=\(control)" }
}
