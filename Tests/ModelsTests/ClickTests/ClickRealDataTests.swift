import CLMat
import Foundation
import TestSupport
import Testing

@testable import Models

/// Rows of Criteo's log beside scikit-learn.
@Suite struct ClickRealDataTests {
    /// scikit-learn 1.9.1's LogisticRegression(C: 1/(λN), tol: 1e-9) on the 8,000 rows, with the numbers as categories by the same rule: 37,770
    /// features, a mean loss of 0.127589 and ‖w‖ = 38.7447, which makes an objective of 0.202646.
    @Test(.enabled(if: hasData("criteo/train.txt.gz"), "CLMAT_DATA has no criteo/train.txt.gz"))
    func logisticRegressionIsScikitLearns() throws {
        let data = try ClickData.load("criteo")
        #expect(data.train.count == 8000)
        var model = try ClickModel(.linear(features: data.vocabulary.count), seed: 1, on: .cpu)
        var recipe = ClickRecipe()
        (recipe.batch, recipe.passes, recipe.rate, recipe.l2) = (8000, 400, 0.3, 1e-4)
        try model.fit(data.train, recipe, vocabulary: data.vocabulary)
        let loss = -(try model.score(data.train).logLikelihood)
        let objective = loss + 0.5e-4 * Double(try model.embedding.elements.sumOfSquares())
        #expect(objective > 0.2026 && objective < 0.202646 * 1.005, "\(objective)")
    }
}
