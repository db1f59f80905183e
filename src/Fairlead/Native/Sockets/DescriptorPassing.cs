namespace Fairlead.Native.Sockets;

/// <summary>Sends an open file to another process along with bytes, over a Unix socket (<c>SCM_RIGHTS</c>).</summary>
internal static unsafe class DescriptorPassing
{
    /// <summary>
    /// Sends bytes, and with the first one the file, which stays open here. Does not block; on an empty socket it sends all bytes or none.
    /// </summary>
    public static IoResult Send(Descriptor socket, ReadOnlySpan<byte> bytes, Descriptor file)
    {
        if (!socket.TryEnter())
        {
            return IoResult.Failed(Errno.EBADF);
        }

        if (!file.TryEnter())
        {
            socket.Exit();
            return IoResult.Failed(Errno.EBADF);
        }

        nint count;
        Errno error = Errno.None;
        fixed (byte* start = bytes)
        {
            Libc.IoVector vector = new() { Base = start, Length = (nuint)bytes.Length };
            Libc.RightsMessage rights = new()
            {
                Length = Libc.RightsMessage.HeaderSize + sizeof(int),
                Level = Libc.SOL_SOCKET,
                Type = Libc.SCM_RIGHTS,
            };
            rights.Descriptors[0] = file.Number;
            Libc.MessageVector message = new()
            {
                Vectors = &vector,
                VectorCount = 1,
                Control = &rights,
                ControlLength = Libc.RightsMessage.HeaderSize + (2 * sizeof(int)),
            };
            do
            {
                count = Libc.SendMessage(socket.Number, &message, Libc.MSG_NOSIGNAL | Libc.MSG_DONTWAIT);
            }
            while (count < 0 && (error = Libc.LastError) == Errno.EINTR);
        }

        file.Exit();
        socket.Exit();
        return count >= 0 ? IoResult.Done((int)count) : IoResult.Failed(error);
    }

    /// <summary>
    /// Reads bytes and the file that came with them, if any; closes further files immediately. The caller owns the file. Does not block.
    /// </summary>
    public static IoResult Receive(Descriptor socket, Span<byte> bytes, out Descriptor? file) => Receive(socket, bytes, out file, out _);

    /// <summary>Same, and tells whether the kernel discarded files.</summary>
    public static IoResult Receive(Descriptor socket, Span<byte> bytes, out Descriptor? file, out bool isCut)
    {
        Queue<Descriptor> files = new();
        IoResult result = Receive(socket, bytes, files, out isCut);
        files.TryDequeue(out file);
        while (files.TryDequeue(out Descriptor? other))
        {
            other.Dispose();
        }

        return result;
    }

    /// <summary>Same, but appends all files that came to a queue. The caller owns them.</summary>
    /// <param name="socket">A Unix socket.</param>
    /// <param name="bytes">The buffer; not empty.</param>
    /// <param name="files">The queue for the files.</param>
    /// <param name="isCut">
    /// Whether the kernel discarded files: this process may not open more, or a peer sent more than Fairlead ever does.
    /// </param>
    public static IoResult Receive(Descriptor socket, Span<byte> bytes, Queue<Descriptor> files, out bool isCut)
    {
        isCut = false;
        if (!socket.TryEnter())
        {
            return IoResult.Failed(Errno.EBADF);
        }

        nint count;
        Errno error = Errno.None;
        Libc.RightsMessage rights = default;
        fixed (byte* start = bytes)
        {
            Libc.IoVector vector = new() { Base = start, Length = (nuint)bytes.Length };
            Libc.MessageVector message = new()
            {
                Vectors = &vector,
                VectorCount = 1,
                Control = &rights,
                ControlLength = sizeof(Libc.RightsMessage),
            };
            do
            {
                count = Libc.ReceiveMessage(socket.Number, &message, Libc.MSG_CMSG_CLOEXEC | Libc.MSG_DONTWAIT);
            }
            while (count < 0 && (error = Libc.LastError) == Errno.EINTR);

            if (count >= 0
                && message.ControlLength >= Libc.RightsMessage.HeaderSize
                && rights.Level == Libc.SOL_SOCKET
                && rights.Type == Libc.SCM_RIGHTS)
            {
                int came = (int)((Math.Min(rights.Length, message.ControlLength) - Libc.RightsMessage.HeaderSize) / sizeof(int));
                for (int i = 0; i < Math.Min(came, Libc.RightsMessage.MostDescriptors); i++)
                {
                    files.Enqueue(new Descriptor(rights.Descriptors[i]));
                }
            }

            isCut = count >= 0 && (message.Flags & Libc.MSG_CTRUNC) != 0;
        }

        socket.Exit();
        return count >= 0 ? IoResult.Done((int)count) : IoResult.Failed(error);
    }
}
