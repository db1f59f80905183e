namespace Fairlead.Memory;

/// <summary>The room of a new board. The process that makes the board settles it for the life of the board.</summary>
public sealed record SharedBoardOptions
{
    /// <summary>How many cells there can be: 1 to 1,024.</summary>
    public int MaxCells { get; init; } = 128;

    /// <summary>
    /// How many bytes the cells can take together; each takes <see cref="SharedCell{T}.SizeInRegion"/>, which is 320 for values of 64 bytes
    /// and less. Allocated when the board is made.
    /// </summary>
    public long MaxBytes { get; init; } = 256 * 1024;
}
