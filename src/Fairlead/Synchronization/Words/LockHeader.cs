namespace Fairlead.Synchronization.Words;

/// <summary>
/// The header of a lock: its kind, and whether all of its users identify processes by the same numbers. The first user settles it.
/// </summary>
/// <param name="start">The address of the lock.</param>
/// <param name="magic">The expected value: three letters, and the version in the highest byte.</param>
internal readonly unsafe struct LockHeader(byte* start, uint magic)
{
    private const uint Letters = 0x00ff_ffff;

    /// <summary>
    /// Whether users in several pid namespaces share the lock. The number of an owner thread means nothing outside its namespace then, and
    /// only the kernel knows which owners live.
    /// </summary>
    public bool IsMixed => Volatile.Read(ref *(uint*)(start + MutexLayout.MixedAt)) != 0;

    /// <summary>Settles the options, unless a user has, and records the pid namespace.</summary>
    /// <param name="options">The requested options.</param>
    /// <param name="ownNamespace">The pid namespace of this process; 0: not known.</param>
    /// <returns>The header found: the same value if the lock fits.</returns>
    public ulong Settle(uint options, uint ownNamespace)
    {
        ulong mine = Of(options);
        ulong found = Interlocked.CompareExchange(ref *(ulong*)(start + MutexLayout.HeaderAt), mine, 0);
        if (found != 0 && found != mine)
        {
            return found;
        }

        uint first = ownNamespace == 0 ? 0 : Interlocked.CompareExchange(ref *(uint*)(start + MutexLayout.NamespaceAt), ownNamespace, 0);
        if (ownNamespace == 0 || (first != 0 && first != ownNamespace))
        {
            // Before anything is taken: every process that judges by numbers sees it by then.
            _ = Interlocked.Exchange(ref *(uint*)(start + MutexLayout.MixedAt), 1);
        }

        return mine;
    }

    /// <summary>Returns the header of a lock with these options.</summary>
    public ulong Of(uint options) => ((ulong)magic << 32) | options;

    /// <summary>Whether the header is of this kind and version, with any options.</summary>
    public bool IsSameKind(ulong found) => (uint)(found >> 32) == magic;

    /// <summary>Whether the header is of this kind, but of another version.</summary>
    public bool IsOtherVersion(ulong found, out int version)
    {
        uint other = (uint)(found >> 32);
        version = (int)(other >> 24);
        return other != magic && (other & Letters) == (magic & Letters);
    }

    /// <summary>Returns the options of a lock that its first user has settled.</summary>
    public static uint OptionsAt(byte* start) => Options(Volatile.Read(ref *(ulong*)(start + MutexLayout.HeaderAt)));

    /// <summary>Returns the options in a header.</summary>
    public static uint Options(ulong found) => (uint)found;

    /// <summary>The version that this program uses.</summary>
    public int Version => (int)(magic >> 24);
}
