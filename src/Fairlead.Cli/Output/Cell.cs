namespace Fairlead.Cli.Output;

/// <summary>The meaning of a cell, shown by colours where available.</summary>
internal enum CellTone
{
    Plain,
    Good,
    Bad,
    Faint,
}

/// <summary>A cell of a table.</summary>
/// <param name="Text">The text.</param>
/// <param name="Tone">Its meaning.</param>
internal readonly record struct Cell(string Text, CellTone Tone = CellTone.Plain)
{
    /// <summary>The text as one line, without tabs.</summary>
    public string Text { get; } = VisibleText.OneLine(Text);

    public static implicit operator Cell(string text) => new(text);
}
