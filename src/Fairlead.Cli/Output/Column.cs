namespace Fairlead.Cli.Output;

/// <summary>A column of a table.</summary>
/// <param name="Title">Its head, in capitals.</param>
/// <param name="IsNumber">Whether it is set to the right.</param>
/// <param name="Width">Characters that it gets at least, where rows are written before all are known.</param>
internal sealed record Column(string Title, bool IsNumber = false, int Width = 0);
