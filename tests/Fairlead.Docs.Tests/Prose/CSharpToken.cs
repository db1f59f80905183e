namespace Fairlead.Docs.Tests.Prose;

/// <summary>A comment or a string literal of a C# file.</summary>
/// <param name="Line">The line on which it begins, counted from 1.</param>
/// <param name="Text">The comment with its slashes, or the literal without its quotes, with X for each interpolated value.</param>
/// <param name="IsComment">Whether it is a comment.</param>
/// <param name="StartsLine">Whether only white space stands before it on its line.</param>
internal readonly record struct CSharpToken(int Line, string Text, bool IsComment, bool StartsLine);
