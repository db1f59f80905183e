using System.IO.Pipes;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Native.Sockets;

namespace Fairlead.Conformance.Contracts;

/// <content>Peers that send files they may not send: they are disconnected, and their files are closed at once.</content>
public abstract partial class HandleContract
{
    private const int MostOfRaw = 4;

    [Fact]
    public Task A_peer_that_announces_a_file_and_sends_none_is_disconnected() =>
        IsSentAwayAsync(static (raw, _) => raw.SendBytes(Frame(MessageFlags.Handle)));

    [Fact]
    public Task A_peer_that_sends_more_files_than_allowed_is_disconnected() => IsSentAwayAsync(static (raw, writer) =>
    {
        for (int i = 0; i < 1_000 && TrySend(raw, Frame(MessageFlags.Handle), writer); i++)
        {
        }
    });

    [Fact]
    public Task A_peer_that_sends_files_among_the_bytes_of_a_message_is_disconnected() => IsSentAwayAsync(static (raw, writer) =>
    {
        raw.SendHeader((byte)MessageKind.Send, 5_000);
        for (int i = 0; i < 1_000 && TrySend(raw, new byte[1], writer); i++)
        {
        }
    });

    [Fact]
    public Task A_peer_that_sends_a_file_with_a_protocol_message_is_disconnected() =>
        IsSentAwayAsync(static (raw, writer) => TrySend(raw, Frame(MessageFlags.Handle, MessageKind.Ping), writer));

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(200)]
    public Task A_peer_that_sends_several_files_with_one_message_is_disconnected(int count) =>
        IsSentAwayAsync((raw, writer) => SendMany(raw, Frame(MessageFlags.Handle), writer, count));

    [Fact]
    public async Task A_message_that_cannot_be_sent_leaves_no_copy_of_its_file_open()
    {
        SkipUnless(Transport.CarriesHandles, "the kernel does not carry open files there");

        Receiver receiver = Track(await Receiver.BindAsync(NewPlace("handles=4&maxmessage=100")));
        Sender sender = Track(await Sender.ConnectAsync(OtherEnd(receiver.Address)));
        using AnonymousPipeServerStream reader = new(PipeDirection.In);
        for (int i = 0; i < 10; i++)
        {
            Fails(ErrorCode.TooLarge, () => sender.SendHandle(reader.ClientSafePipeHandle, new byte[1_000]));
            await FailsAsync(ErrorCode.TooLarge, async () => await sender.SendHandleAsync(reader.ClientSafePipeHandle, new byte[1_000]));
        }

        reader.ClientSafePipeHandle.Dispose();
        Assert.Equal(-1, await OnThread(reader.ReadByte));
    }

    [Fact]
    public async Task An_invalid_timeout_leaves_no_copy_of_the_file_open()
    {
        SkipUnless(Transport.CarriesHandles, "the kernel does not carry open files there");

        Receiver receiver = Track(await Receiver.BindAsync(NewPlace("handles=4")));
        Sender sender = Track(await Sender.ConnectAsync(OtherEnd(receiver.Address)));
        using AnonymousPipeServerStream reader = new(PipeDirection.In);
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            sender.SendHandle(reader.ClientSafePipeHandle, timeout: TimeSpan.FromSeconds(-5)));
        reader.ClientSafePipeHandle.Dispose();
        Assert.Equal(-1, await OnThread(reader.ReadByte));
    }

    /// <summary>Earlier messages are handed out; then none of the peer's files is open here, even without a garbage collection.</summary>
    private async Task IsSentAwayAsync(Action<RawPeer, Descriptor> misbehave)
    {
        SkipUnless(Transport.CarriesHandles, "the kernel does not carry open files there");

        Receiver receiver = Track(await Receiver.BindAsync(NewPlace($"handles={MostOfRaw}")));
        using CancellationTokenSource stop = new();
        Task<Message> waiting = receiver.ReceiveAsync(cancellationToken: stop.Token).AsTask();
        using RawPeer raw = Track(RawPeer.Introduce(Transport, receiver.Address, "Sender"));
        using AnonymousPipeServerStream reader = new(PipeDirection.In);
        using (Descriptor writer = NativeSpawn.Duplicate((int)reader.ClientSafePipeHandle.DangerousGetHandle(), 3, out _)!)
        {
            misbehave(raw, writer);
        }

        reader.DisposeLocalCopyOfClientHandle();
        await Until(() => receiver.Peers.Count == 0, "the peer is sent away");
        (byte kind, _, byte[] body) = raw.ReadToEnd()!.Value;
        Assert.Equal(((byte)MessageKind.Close, CloseReason.ProtocolError), (kind, (CloseReason)body[0]));
        Output.WriteLine(System.Text.Encoding.UTF8.GetString(body, 1, body.Length - 1));
        await stop.CancelAsync();
        await DisposeUnlessCancelledAsync(waiting);
        while (receiver.TryReceive(out Message message))
        {
            message.Dispose();
        }

        Assert.Equal(-1, await OnThread(reader.ReadByte));
    }

    private static async Task DisposeUnlessCancelledAsync(Task<Message> waiting)
    {
        try
        {
            (await waiting).Dispose();
        }
        catch (OperationCanceledException)
        {
            // No message came with it.
        }
    }

    private static byte[] Frame(MessageFlags flags, MessageKind kind = MessageKind.Send)
    {
        byte[] frame = new byte[MessageHeader.Size];
        new MessageHeader { Kind = kind, Flags = flags }.Write(frame);
        return frame;
    }

    /// <summary>Returns false when the peer no longer reads, or its buffer is full.</summary>
    private static bool TrySend(RawPeer raw, byte[] bytes, Descriptor file)
    {
        using Descriptor socket = NativeSpawn.Duplicate((int)raw.Socket.Handle, 3, out _)!;
        return DescriptorPassing.Send(socket, bytes, file).Ok;
    }

    private static unsafe void SendMany(RawPeer raw, byte[] bytes, Descriptor file, int count)
    {
        byte[] control = new byte[Libc.RightsMessage.HeaderSize + (count * sizeof(int))];
        fixed (byte* start = bytes, rights = control)
        {
            Libc.RightsMessage* head = (Libc.RightsMessage*)rights;
            (head->Length, head->Level, head->Type) = (control.Length, Libc.SOL_SOCKET, Libc.SCM_RIGHTS);
            for (int i = 0; i < count; i++)
            {
                ((int*)(rights + Libc.RightsMessage.HeaderSize))[i] = file.Number;
            }

            Libc.IoVector vector = new() { Base = start, Length = (nuint)bytes.Length };
            Libc.MessageVector message = new() { Vectors = &vector, VectorCount = 1, Control = rights, ControlLength = control.Length };
            Assert.Equal(bytes.Length, (int)Libc.SendMessage((int)raw.Socket.Handle, &message, Libc.MSG_NOSIGNAL));
        }
    }
}
