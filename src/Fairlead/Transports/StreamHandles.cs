using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports;

/// <summary>
/// Open files that go with the bytes of a Unix stream socket: which byte each goes with, and which have come and belong to no message yet.
/// What leaves is under the link's send lock, what has come is the pump's.
/// </summary>
/// <param name="descriptor">The socket, which the connection owns.</param>
/// <param name="output">What is sent by it.</param>
/// <param name="takesHandles">Whether files that come with messages are taken; else the kernel drops them, and none is ever open
/// here.</param>
internal sealed class StreamHandles(Descriptor descriptor, OutputQueue output, bool takesHandles) : HandlePassing, IDisposable
{
    private Queue<(long Place, Descriptor File)>? _leaving;
    private Queue<Descriptor>? _arrived;
    private long _written;
    private bool _areCut;

    /// <summary>Whether files that come with messages are taken.</summary>
    public bool AreTaken => takesHandles;

    /// <inheritdoc/>
    public override void Attach(Descriptor file) => (_leaving ??= new()).Enqueue((_written + output.Buffered, file));

    /// <summary>Whether a file waits that <see cref="Write"/> has to pass.</summary>
    public bool AnyLeaves => _leaving is { Count: > 0 };

    /// <summary>The kernel has taken so many bytes more.</summary>
    public void Written(int count) => _written += count;

    /// <summary>
    /// Writes up to the next file, or with it. What goes with a byte must go in one call with it, and the kernel does not mix it with bytes
    /// behind.
    /// </summary>
    public IoResult Write()
    {
        (long place, Descriptor file) = _leaving!.Peek();
        int before = (int)(place - _written);
        if (before > 0)
        {
            return descriptor.Write(output.First[..before]);
        }

        ReadOnlySpan<byte> frame = output.First;
        foreach ((long next, _) in _leaving)
        {
            if (next > place)
            {
                frame = frame[..(int)(next - _written)];
                break;
            }
        }

        IoResult result = DescriptorPassing.Send(descriptor, frame, file);
        if (result.Ok)
        {
            _leaving.Dequeue();
            file.Dispose();
        }

        return result;
    }

    /// <summary>Reads bytes, and keeps the files that come with them.</summary>
    public IoResult Read(Span<byte> room)
    {
        IoResult result = DescriptorPassing.Receive(descriptor, room, _arrived ??= new Queue<Descriptor>(), out bool isCut);
        _areCut |= isCut;
        return result;
    }

    /// <summary>Gives a message that announces a file the one that it came with.</summary>
    public void Take(ref Incoming message)
    {
        if (_arrived is null || !_arrived.TryDequeue(out Descriptor? file))
        {
            message.Release();
            throw _areCut
                ? OutOfDescriptors()
                : new FairleadException(ErrorCode.Corrupt, "a message came without the open file that it announces");
        }

        message.Lease = new HandleLease(message.Lease, file);
    }

    /// <summary>Files belong to messages: of one that is not whole yet at most one may be here.</summary>
    public void RefuseStray(bool hasPart)
    {
        if (_arrived is { } arrived && arrived.Count > (hasPart ? 1 : 0))
        {
            CloseAll(arrived);
            throw new FairleadException(ErrorCode.Corrupt, "the peer sent an open file that belongs to no message");
        }

        if (_areCut)
        {
            // The end also where its message is not here yet: that would be given the file of a later one.
            throw OutOfDescriptors();
        }
    }

    public void Dispose()
    {
        if (_arrived is not null)
        {
            CloseAll(_arrived);
        }

        while (_leaving is { Count: > 0 })
        {
            _leaving.Dequeue().File.Dispose();
        }
    }

    private static FairleadException OutOfDescriptors() =>
        new(ErrorCode.Unavailable, "an open file came, and this process may open no more: it has as many descriptors as its limit allows",
            "Close what is not needed, or raise the limit (ulimit -n).");

    private static void CloseAll(Queue<Descriptor> files)
    {
        while (files.TryDequeue(out Descriptor? file))
        {
            file.Dispose();
        }
    }
}
