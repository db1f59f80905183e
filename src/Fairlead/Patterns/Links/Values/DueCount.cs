namespace Fairlead.Patterns.Links.Values;

/// <summary>Counts messages for a receiver, which need not be connected. Under the lock of its owner.</summary>
/// <param name="due">The number with which it begins.</param>
internal class DueCount(long due)
{
    public long Due { get; set; } = due;
}
