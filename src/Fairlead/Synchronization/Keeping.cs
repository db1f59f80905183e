namespace Fairlead.Synchronization;

/// <summary>A lock that nobody refers to any more is closed by the collector: not in the middle of a call.</summary>
internal static class Keeping
{
    /// <summary>A value that was read from a lock's memory, which was there until now.</summary>
    public static T Kept<T>(this object owner, T value)
    {
        GC.KeepAlive(owner);
        return value;
    }
}
