import ModelProgram

/// The desktop and command-line program.
@main struct Explore {
    static func main() {
        ModelProgram(
            "explore",
            abstract: "Watch a model learn, change what it is after, and see the effect at once.",
            discussion: """
                Without arguments: explore ldam. A window opens where there is a display; elsewhere the same run goes on with a \
                progress line and writes its pictures as PNG files.
                """,
            version: "CLMat 0.2.0-dev",
            models: [LDAM.self, Clustering.self, Factorisation.self, Topics.self, Language.self, Clicks.self],
            examples: OptionExamples(
                batch: "ldam 100, kmeans and nmf 10000, lda an eighth of the documents, lm 20, ctr 1000", control: "noise",
                toggle: "training", mixin: "weight-l2", attachment: "ldam-2")
        ).main()
    }
}
