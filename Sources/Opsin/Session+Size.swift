package import OpsinVision

extension Session {
    /// What has to be done to a photo, as the model's publisher says or with the whole photo in view, at the session's input size.
    package func recipe(_ fit: TaskOptions.Fit) -> PreprocessRecipe { fit == .whole ? recipe.whole : recipe }
}
