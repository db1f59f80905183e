namespace Fairlead.Synchronization;

/// <summary>Keeps a lock object reachable during a call: the finalizer of an unreachable lock closes it.</summary>
internal static class Keeping
{
    /// <summary>Returns a value that was read from a lock's memory, and keeps the owner of that memory reachable until now.</summary>
    public static T Kept<T>(this object owner, T value)
    {
        GC.KeepAlive(owner);
        return value;
    }
}
