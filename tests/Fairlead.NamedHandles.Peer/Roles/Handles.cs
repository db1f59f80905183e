namespace Fairlead.NamedHandles.Peer.Roles;

/// <summary>Opens handles by kind and name.</summary>
internal static class Handles
{
    /// <summary>Opens a handle, or creates one that is not signalled. A mutex is not owned.</summary>
    public static WaitHandle Open(string kind, string name, out bool createdNew) => kind switch
    {
        "mutex" => new Mutex(false, name, out createdNew),
        "semaphore" => new Semaphore(0, int.MaxValue, name, out createdNew),
        "auto" => new EventWaitHandle(false, EventResetMode.AutoReset, name, out createdNew),
        "manual" => new EventWaitHandle(false, EventResetMode.ManualReset, name, out createdNew),
        _ => throw new ArgumentException($"There is no kind {kind}."),
    };

    /// <summary>Opens a handle, or creates one that is not signalled.</summary>
    public static WaitHandle Open(string kind, string name) => Open(kind, name, out _);
}
