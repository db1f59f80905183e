namespace Fairlead.Docs.Tests.Errors;

/// <summary>A text of an error in the source: with an ellipsis for each value that the program fills in.</summary>
/// <param name="Code">The code that it is thrown with.</param>
/// <param name="Text">What happened.</param>
/// <param name="Remedy">What to do; empty if the error does not say.</param>
internal sealed record ErrorText(string Code, string Text, string Remedy);
