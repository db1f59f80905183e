namespace Fairlead.Memory;

/// <summary>A change of a cell of a board.</summary>
/// <param name="Key">Which cell.</param>
/// <param name="Version">The number of its newest value.</param>
/// <param name="WriterDied">Whether its writer has died. The last whole value stays, and another writer may follow.</param>
public readonly record struct BoardChange(string Key, long Version, bool WriterDied);
