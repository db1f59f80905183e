namespace Fairlead.Synchronization.Words;

/// <summary>
/// The first words of a lock: what it is, and whether all of its users know each other's processes by the same numbers. The first user
/// settles it.
/// </summary>
/// <param name="start">Where it lies.</param>
/// <param name="magic">What must stand there: three letters, and the version in the highest byte.</param>
internal readonly unsafe struct Form(byte* start, uint magic)
{
    private const uint Letters = 0x00ff_ffff;

    /// <summary>
    /// Whether users of several pid namespaces share it: then the number of a keeper says nothing outside of its own, and only the kernel
    /// knows who lives.
    /// </summary>
    public bool IsMixed => Volatile.Read(ref *(uint*)(start + MutexLayout.MixedAt)) != 0;

    /// <summary>Settles the options, where nobody has, and which processes are known here.</summary>
    /// <param name="options">Those asked for.</param>
    /// <param name="ownNamespace">This process's pid namespace; 0: not known.</param>
    /// <returns>What stands there: the same, if it fits.</returns>
    public ulong Settle(uint options, uint ownNamespace)
    {
        ulong mine = Of(options);
        ulong found = Interlocked.CompareExchange(ref *(ulong*)(start + MutexLayout.FormAt), mine, 0);
        if (found != 0 && found != mine)
        {
            return found;
        }

        uint first = ownNamespace == 0 ? 0 : Interlocked.CompareExchange(ref *(uint*)(start + MutexLayout.NamespaceAt), ownNamespace, 0);
        if (ownNamespace == 0 || (first != 0 && first != ownNamespace))
        {
            // Before anything is taken: whoever judges by numbers sees it by then.
            _ = Interlocked.Exchange(ref *(uint*)(start + MutexLayout.MixedAt), 1);
        }

        return mine;
    }

    /// <summary>What stands there of one with these options.</summary>
    public ulong Of(uint options) => ((ulong)magic << 32) | options;

    /// <summary>Whether it is what it should be, with other options.</summary>
    public bool IsSameKind(ulong found) => (uint)(found >> 32) == magic;

    /// <summary>Whether it is what it should be, of another version: which.</summary>
    public bool IsOtherVersion(ulong found, out int version)
    {
        uint other = (uint)(found >> 32);
        version = (int)(other >> 24);
        return other != magic && (other & Letters) == (magic & Letters);
    }

    /// <summary>The options in what was found.</summary>
    public static uint Options(ulong found) => (uint)found;

    /// <summary>The version that is known here.</summary>
    public int Version => (int)(magic >> 24);
}
