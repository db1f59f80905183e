using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Sockets;

namespace Fairlead.Transports;

/// <summary>Sends and receives open files with the bytes of a Unix stream socket.</summary>
/// <remarks>
/// It tracks the byte that each outgoing file goes with, and received files that do not belong to a message yet. The sending part is under
/// the link's send lock. The receiving part belongs to the pump.
/// </remarks>
/// <param name="descriptor">The socket, owned by the connection.</param>
/// <param name="output">The output of the socket.</param>
/// <param name="takesHandles">
/// Whether to accept files with messages. Otherwise the kernel drops them, and they are never open in this process.
/// </param>
internal sealed class StreamHandles(Descriptor descriptor, OutputQueue output, bool takesHandles) : HandlePassing, IDisposable
{
    private Queue<(long Place, Descriptor File)>? _leaving;
    private Queue<Descriptor>? _arrived;
    private long _written;
    private bool _areCut;

    /// <summary>Whether files with messages are accepted.</summary>
    public bool AreTaken => takesHandles;

    /// <inheritdoc/>
    public override void Attach(Descriptor file) => (_leaving ??= new()).Enqueue((_written + output.Buffered, file));

    /// <summary>Whether a file waits for <see cref="Write"/>.</summary>
    public bool AnyLeaves => _leaving is { Count: > 0 };

    /// <summary>Notes that the kernel has taken this many more bytes.</summary>
    public void Written(int count) => _written += count;

    /// <summary>Writes up to the next file, or with it.</summary>
    /// <remarks>A file must go in one call with its byte, and the kernel does not combine it with later bytes.</remarks>
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

    /// <summary>Attaches the received file to a message that announces one.</summary>
    public void Take(ref Incoming message)
    {
        if (_arrived is null || !_arrived.TryDequeue(out Descriptor? file))
        {
            message.Release();
            throw _areCut
                ? OutOfDescriptors()
                : new FairleadException(ErrorCode.Corrupt, "a message arrived without the open file that it announces");
        }

        message.Lease = new HandleLease(message.Lease, file);
    }

    /// <summary>Refuses files without a message. An incomplete message may have at most one.</summary>
    public void RefuseStray(bool hasPart)
    {
        if (_arrived is { } arrived && arrived.Count > (hasPart ? 1 : 0))
        {
            CloseAll(arrived);
            throw new FairleadException(ErrorCode.Corrupt, "the peer sent an open file without a message");
        }

        if (_areCut)
        {
            // End the connection even if the file's message has not arrived yet: it would otherwise get the file of a later one.
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
        new(ErrorCode.Unavailable, "an open file arrived, but this process has reached its limit of descriptors",
            "Close unneeded descriptors, or raise the limit (ulimit -n).");

    private static void CloseAll(Queue<Descriptor> files)
    {
        while (files.TryDequeue(out Descriptor? file))
        {
            file.Dispose();
        }
    }
}
