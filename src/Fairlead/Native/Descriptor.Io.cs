namespace Fairlead.Native;

// Reading and writing: one non-blocking system call each. EINTR is retried here; callers never see it.
internal sealed unsafe partial class Descriptor
{
    public IoResult Read(Span<byte> buffer)
    {
        if (!TryEnter())
        {
            return IoResult.Failed(Errno.EBADF);
        }

        nint count;
        var error = Errno.None;
        fixed (byte* start = buffer)
        {
            do
            {
                count = Libc.Read(Number, start, (nuint)buffer.Length);
            }
            while (count < 0 && (error = Libc.LastError) == Errno.EINTR);
        }

        Exit();
        return Result(count, error);
    }

    /// <summary>Copies bytes that have arrived at a socket, and leaves them to be read.</summary>
    public IoResult Peek(Span<byte> buffer)
    {
        if (!TryEnter())
        {
            return IoResult.Failed(Errno.EBADF);
        }

        nint count;
        var error = Errno.None;
        fixed (byte* start = buffer)
        {
            Libc.IoVector vector = new() { Base = start, Length = (nuint)buffer.Length };
            Libc.MessageVector message = new() { Vectors = &vector, VectorCount = 1 };
            do
            {
                count = Libc.ReceiveMessage(Number, &message, Libc.MSG_PEEK | Libc.MSG_DONTWAIT);
            }
            while (count < 0 && (error = Libc.LastError) == Errno.EINTR);
        }

        Exit();
        return Result(count, error);
    }

    /// <summary>Fills <paramref name="first"/>, then <paramref name="second"/>: the two parts of a wrapped ring.</summary>
    public IoResult Read(Span<byte> first, Span<byte> second)
    {
        if (first.IsEmpty || second.IsEmpty)
        {
            return Read(first.IsEmpty ? second : first);
        }

        if (!TryEnter())
        {
            return IoResult.Failed(Errno.EBADF);
        }

        nint count;
        var error = Errno.None;
        fixed (byte* firstStart = first, secondStart = second)
        {
            var vectors = stackalloc Libc.IoVector[2];
            vectors[0] = new() { Base = firstStart, Length = (nuint)first.Length };
            vectors[1] = new() { Base = secondStart, Length = (nuint)second.Length };
            do
            {
                count = Libc.ReadVector(Number, vectors, 2);
            }
            while (count < 0 && (error = Libc.LastError) == Errno.EINTR);
        }

        Exit();
        return Result(count, error);
    }

    /// <summary>
    /// Writes as much as fits. If the peer is gone, the error is EPIPE; the runtime ignores SIGPIPE, also under Native AOT.
    /// </summary>
    public IoResult Write(ReadOnlySpan<byte> buffer)
    {
        if (!TryEnter())
        {
            return IoResult.Failed(Errno.EBADF);
        }

        nint count;
        var error = Errno.None;
        fixed (byte* start = buffer)
        {
            do
            {
                count = Libc.Write(Number, start, (nuint)buffer.Length);
            }
            while (count < 0 && (error = Libc.LastError) == Errno.EINTR);
        }

        Exit();
        return Result(count, error);
    }

    /// <summary>Writes the parts one after the other in one call; skips empty ones, and makes no call if all are empty.</summary>
    public IoResult Write(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third = default)
    {
        if (!TryEnter())
        {
            return IoResult.Failed(Errno.EBADF);
        }

        nint count = 0;
        var error = Errno.None;
        fixed (byte* firstStart = first, secondStart = second, thirdStart = third)
        {
            var vectors = stackalloc Libc.IoVector[3];
            var used = 0;
            if (!first.IsEmpty)
            {
                vectors[used++] = new() { Base = firstStart, Length = (nuint)first.Length };
            }

            if (!second.IsEmpty)
            {
                vectors[used++] = new() { Base = secondStart, Length = (nuint)second.Length };
            }

            if (!third.IsEmpty)
            {
                vectors[used++] = new() { Base = thirdStart, Length = (nuint)third.Length };
            }

            if (used != 0)
            {
                do
                {
                    count = Libc.WriteVector(Number, vectors, used);
                }
                while (count < 0 && (error = Libc.LastError) == Errno.EINTR);
            }
        }

        Exit();
        return Result(count, error);
    }

    /// <summary>Reads a file at <paramref name="offset"/> and does not change its position.</summary>
    public IoResult ReadAt(Span<byte> buffer, long offset)
    {
        if (!TryEnter())
        {
            return IoResult.Failed(Errno.EBADF);
        }

        nint count;
        var error = Errno.None;
        fixed (byte* start = buffer)
        {
            do
            {
                count = Libc.ReadAt(Number, start, (nuint)buffer.Length, offset);
            }
            while (count < 0 && (error = Libc.LastError) == Errno.EINTR);
        }

        Exit();
        return Result(count, error);
    }

    /// <summary>Writes to a file at <paramref name="offset"/> and does not change its position.</summary>
    public IoResult WriteAt(ReadOnlySpan<byte> buffer, long offset)
    {
        if (!TryEnter())
        {
            return IoResult.Failed(Errno.EBADF);
        }

        nint count;
        var error = Errno.None;
        var signal = FileSizeSignal.HoldBack();
        fixed (byte* start = buffer)
        {
            do
            {
                count = Libc.WriteAt(Number, start, (nuint)buffer.Length, offset);
            }
            while (count < 0 && (error = Libc.LastError) == Errno.EINTR);
        }

        signal.Release(error);
        Exit();
        return Result(count, error);
    }

    // The kernel moves at most 0x7ffff000 bytes a call, so the count always fits.
    private static IoResult Result(nint count, Errno error) =>
        count >= 0 ? IoResult.Done((int)count) : IoResult.Failed(error);
}
