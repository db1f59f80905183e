namespace Fairlead.Native;

/// <summary>The result of a read or a write: a count, or an errno. Eight bytes, returned in a register.</summary>
internal readonly struct IoResult
{
    private IoResult(int count, Errno error)
    {
        Count = count;
        Error = error;
    }

    /// <summary>The number of bytes read or written; zero on error.</summary>
    public int Count { get; }

    /// <summary>The error, <see cref="Errno.EAGAIN"/> included; <see cref="Errno.None"/> on success.</summary>
    public Errno Error { get; }

    /// <summary>Nothing to read, or no space to write: wait for readiness and try again.</summary>
    public bool WouldBlock => Error == Errno.EAGAIN;

    /// <summary>For a read into a non-empty buffer: the peer has closed its end.</summary>
    public bool IsEnd => Count == 0 && Error == Errno.None;

    /// <summary>The call succeeded, perhaps with fewer bytes than requested, or at the end.</summary>
    public bool Ok => Error == Errno.None;

    public static IoResult Done(int count) => new(count, Errno.None);

    public static IoResult Failed(Errno error) => new(0, error);

    public override string ToString() => Ok ? $"{Count} bytes" : ErrnoMap.Describe(Error);
}
