import CLMat
import Exploration

extension LanguageTrainer {
    var viewControls: [Control] { [] }
}
