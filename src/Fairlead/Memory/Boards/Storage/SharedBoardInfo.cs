namespace Fairlead.Memory;

/// <summary>A board as it was a moment ago, seen without taking part.</summary>
/// <param name="Name">Its name.</param>
/// <param name="MaxCells">How many cells there can be.</param>
/// <param name="MaxBytes">How many bytes the cells can take together.</param>
/// <param name="IsSealed">Whether no cell is added any more.</param>
/// <param name="Cells">Its cells, in the order in which they were added.</param>
public sealed record SharedBoardInfo(string Name, int MaxCells, long MaxBytes, bool IsSealed, IReadOnlyList<BoardCellInfo> Cells)
{
    /// <summary>The damage of the board's file, which then shows no cells; <see langword="null"/>: nothing.</summary>
    public string? Damage { get; init; }
}
