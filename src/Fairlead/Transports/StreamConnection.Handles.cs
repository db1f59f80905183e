using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports;

/// <content>Open files that go with messages, over Unix sockets.</content>
internal sealed partial class StreamConnection
{
    private Queue<(long Place, Descriptor File)>? _leaving;
    private Queue<Descriptor>? _arrived;
    private long _written;
    private bool _areCut;

    /// <summary>Whether files that come with messages are taken; else the kernel drops them, and none is ever open here.</summary>
    public bool TakesHandles { get; init; }

    public override void Attach(Descriptor file) => (_leaving ??= new()).Enqueue((_written + _output.Buffered, file));

    /// <summary>Writes up to the next file, or with it. What goes with a byte must go in one call with it, and the kernel does not mix it with bytes behind.</summary>
    private IoResult WriteWithHandle(Queue<(long Place, Descriptor File)> leaving)
    {
        (long place, Descriptor file) = leaving.Peek();
        int before = (int)(place - _written);
        if (before > 0)
        {
            return _descriptor.Write(_output.First[..before]);
        }

        ReadOnlySpan<byte> frame = _output.First;
        foreach ((long next, _) in leaving)
        {
            if (next > place)
            {
                frame = frame[..(int)(next - _written)];
                break;
            }
        }

        IoResult result = DescriptorPassing.Send(_descriptor, frame, file);
        if (result.Ok)
        {
            leaving.Dequeue();
            file.Dispose();
        }

        return result;
    }

    private IoResult ReadWithHandles(Span<byte> room)
    {
        IoResult result = DescriptorPassing.Receive(_descriptor, room, _arrived ??= new Queue<Descriptor>(), out bool isCut);
        _areCut |= isCut;
        return result;
    }

    /// <summary>Gives a message the file that it came with.</summary>
    private void TakeHandle(ref Incoming message)
    {
        if (_arrived is null || !_arrived.TryDequeue(out Descriptor? file))
        {
            message.Release();
            throw _areCut ? OutOfDescriptors() : new FairleadException(ErrorCode.Corrupt, "a message came without the open file that it announces");
        }

        message.Lease = new HandleLease(message.Lease, file);
    }

    /// <summary>Files belong to messages: of one that is not whole yet at most one may be here.</summary>
    private void RefuseStrayHandles()
    {
        if (_arrived is { } arrived && arrived.Count > (_input.HasPart ? 1 : 0))
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

    private static FairleadException OutOfDescriptors() =>
        new(ErrorCode.Unavailable, "an open file came, and this process may open no more: it has as many descriptors as its limit allows", "Close what is not needed, or raise the limit (ulimit -n).");

    private void CloseHandles()
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

    private static void CloseAll(Queue<Descriptor> files)
    {
        while (files.TryDequeue(out Descriptor? file))
        {
            file.Dispose();
        }
    }
}
