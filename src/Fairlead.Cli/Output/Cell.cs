namespace Fairlead.Cli.Output;

/// <summary>How a cell is meant, where colours can say it.</summary>
internal enum CellTone
{
    Plain,
    Good,
    Bad,
    Faint,
}

/// <summary>A cell of a table.</summary>
/// <param name="Text">What it says.</param>
/// <param name="Tone">How it is meant.</param>
internal readonly record struct Cell(string Text, CellTone Tone = CellTone.Plain)
{
    /// <summary>One line, without tabs.</summary>
    public string Text { get; } = VisibleText.OneLine(Text);

    public static implicit operator Cell(string text) => new(text);
}
