namespace Fairlead.Docs.Tests.Prose;

/// <summary>A run of prose in a file: a paragraph, a cell of a table, a comment or a string literal.</summary>
/// <param name="Line">The line of the file on which the text begins, counted from 1.</param>
/// <param name="Text">The text, with one line break for each line break of the file.</param>
/// <param name="Kind">Where the text stands.</param>
internal readonly record struct Passage(int Line, string Text, PassageKind Kind);
