namespace Fairlead.Cli.Output;

/// <summary>A column of a table.</summary>
/// <param name="Title">The header, in capitals.</param>
/// <param name="IsNumber">Whether it is aligned to the right.</param>
/// <param name="Width">The minimum width in characters, for rows that are written before all are known.</param>
internal sealed record Column(string Title, bool IsNumber = false, int Width = 0);
