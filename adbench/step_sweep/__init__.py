"""The step sweep: the error of finite differences over the step, beside that of AD."""
