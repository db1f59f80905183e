using System.Net.Sockets;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Native.Sockets;
using Fairlead.Native.Waiting;
using Fairlead.Transports.SharedMemory;

namespace Fairlead.Tests.Conformance;

/// <summary>
/// Lets a raw socket of a test speak to an endpoint in shared memory: the test's bytes go through the ring as pieces of a stream, like long
/// messages, and the endpoint's frames come out unchanged. So the hostile peers of the contracts, which know only bytes, reach this
/// transport too.
/// </summary>
internal sealed class RawRing : IDisposable
{
    private readonly Descriptor _rendezvous;
    private readonly Socket _front;
    private readonly RingReader _reader;
    private readonly RingMemory _memory;
    private RingWriter? _writer;
    private volatile bool _isOver;

    private RawRing(Descriptor rendezvous, Socket front)
    {
        _rendezvous = rendezvous;
        _front = front;
        const long Capacity = 1 << 20;
        using Descriptor file = MemoryFile.Create("raw ring", RingMemory.ControlSize + Capacity);
        _memory = new RingMemory(file, Capacity);
        _reader = new RingReader(_memory, Ring);
        if (!Rendezvous.Send(rendezvous, file, Capacity).Ok)
        {
            _memory.Dispose();
            throw new IOException("the endpoint at the other end of the rendezvous has gone");
        }
    }

    /// <summary>Starts carrying bytes between the two, on two threads, until both have ended. Owns both.</summary>
    public static void Carry(Descriptor rendezvous, Socket front)
    {
        RawRing ring = new(rendezvous, front);
        Bridging.Start(ring.In);
    }

    private void In()
    {
        try
        {
            byte[] hello = new byte[Rendezvous.Size];
            for (int filled = 0; filled < hello.Length;)
            {
                BlockingWait.Wait(_rendezvous, PollEvents.Read, Timeout.InfiniteTimeSpan);
                IoResult result = DescriptorPassing.Receive(_rendezvous, hello.AsSpan(filled), out Descriptor? file);
                using (file)
                {
                    if (result.IsEnd || !result.Ok)
                    {
                        return;
                    }

                    filled += result.Count;
                    _writer = new RingWriter(Rendezvous.Accept(hello, file));
                }
            }

            Bridging.Start(Out);
            bool isHeard = true;
            while (isHeard)
            {
                if (_reader.PrepareWait())
                {
                    BlockingWait.Wait(_rendezvous, PollEvents.Read, Timeout.InfiniteTimeSpan);
                    IoResult result = _rendezvous.Read(new byte[256]);
                    isHeard = result.WouldBlock || (result.Ok && !result.IsEnd);
                    _reader.EndWait();
                }

                bool hasEnded = _reader.HasEnded;
                _ = _reader.Poll();
                while (_reader.TryRead(out MessageHeader header, out int length))
                {
                    byte[] prefix = new byte[MessageHeader.Size];
                    header.Write(prefix);
                    Put((byte)header.Kind == RingLayout.Piece ? [] : prefix);
                    Put(_reader.Body(length));
                    _reader.Advance(length);
                }

                _reader.GiveBack();
                if (hasEnded)
                {
                    _front.Shutdown(SocketShutdown.Send);
                    BlockingWait.Wait(_rendezvous, PollEvents.None, Timeout.InfiniteTimeSpan);
                    isHeard = false;
                }
            }
        }
        catch (Exception exception) when (Bridging.WasCut(exception))
        {
            // The test has closed its end.
        }
        finally
        {
            Dispose();
        }
    }

    public void Dispose()
    {
        _isOver = true;
        _rendezvous.Dispose();
        try
        {
            // The other thread holds it open through its own descriptor number.
            _front.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // It has ended already.
        }

        _front.Dispose();
        _memory.Dispose();
    }

    private void Out()
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            while (_front.Receive(buffer) is var count and > 0)
            {
                for (int written = 0; written < count && !_isOver;)
                {
                    int part = _writer!.WritePiece(buffer.AsSpan(written, count - written), default, default);
                    written += part;
                    if (_writer.Publish() == Sleeper.BehindDoorbell)
                    {
                        Ring();
                    }

                    if (part == 0)
                    {
                        Thread.Yield();
                    }
                }
            }

            if (_writer!.End() == Sleeper.BehindDoorbell)
            {
                Ring();
            }

            // Both directions: the test has closed, not only shut down.
            using Descriptor front = new(Dup(_front));
            BlockingWait.Wait(front, PollEvents.None, Timeout.InfiniteTimeSpan);
        }
        catch (Exception exception) when (Bridging.WasCut(exception))
        {
            // The test or the endpoint has closed its end.
        }

        _rendezvous.ShutdownSocket(ShutdownHow.Both);
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[_front.Send(bytes)..];
        }
    }

    private void Ring() => _rendezvous.Write([1]);

    private static int Dup(Socket socket) => Libc.Control((int)socket.Handle, 1030, 0); // F_DUPFD_CLOEXEC
}
