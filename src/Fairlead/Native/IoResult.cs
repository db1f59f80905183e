namespace Fairlead.Native;

/// <summary>What a read or a write did: a count, or the errno for which it did nothing. Eight bytes, returned in a register.</summary>
internal readonly struct IoResult
{
    private IoResult(int count, Errno error)
    {
        Count = count;
        Error = error;
    }

    /// <summary>Bytes read or written; zero when there is an error.</summary>
    public int Count { get; }

    /// <summary>Why nothing was done, <see cref="Errno.EAGAIN"/> included; <see cref="Errno.None"/> when it was done.</summary>
    public Errno Error { get; }

    /// <summary>Nothing to read, or no room to write: wait for readiness and try again.</summary>
    public bool WouldBlock => Error == Errno.EAGAIN;

    /// <summary>Of a read into a buffer that is not empty: the other side has closed its end.</summary>
    public bool IsEnd => Count == 0 && Error == Errno.None;

    /// <summary>The call succeeded, perhaps with fewer bytes than asked for, or at the end.</summary>
    public bool Ok => Error == Errno.None;

    public static IoResult Done(int count) => new(count, Errno.None);

    public static IoResult Failed(Errno error) => new(0, error);

    public override string ToString() => Ok ? $"{Count} bytes" : ErrnoMap.Describe(Error);
}
