using System.IO.Pipes;
using System.Net.Sockets;
using System.Text;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Native.Sockets;
using Fairlead.Time;
using Microsoft.Win32.SafeHandles;

namespace Fairlead.Conformance.Contracts;

/// <summary>
/// Open files that travel with messages, if the transport carries them: in order, owned by the receiver that takes them, and never leaked.
/// </summary>
public abstract partial class HandleContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    [Fact]
    public async Task An_open_file_arrives_with_its_message_in_order_with_the_others()
    {
        SkipUnless(Transport.CarriesHandles, "the kernel does not carry open files there");

        (Sender sender, Receiver receiver) = await OpenAsync(16);
        const int Count = 300;
        Task sending = Task.Run(async () =>
        {
            for (int i = 0; i < Count; i++)
            {
                if (i % 3 != 0)
                {
                    await sender.SendAsync(Payload.Make(i, i % 50 == 7 ? 200_000 : 20).AsMemory());
                    continue;
                }

                // The sender may close its own file as soon as the call is done.
                using SafeFileHandle file = FileOf($"file {i}");
                if (i % 2 == 0)
                {
                    sender.SendHandle(file, Payload.Make(i, 20));
                }
                else
                {
                    await sender.SendHandleAsync(file, Payload.Make(i, 20));
                }
            }
        });
        for (int i = 0; i < Count; i++)
        {
            using Message message = await receiver.ReceiveAsync();
            Assert.Equal(i, Payload.Check(message.Span).Number);
            Assert.Equal(i % 3 == 0, message.HasHandle);
            if (i % 3 == 0)
            {
                using SafeFileHandle file = message.TakeHandle();
                Assert.False(message.HasHandle);
                Assert.Equal($"file {i}", TextOf(file));
                Assert.Throws<InvalidOperationException>(() => message.TakeHandle());
            }
        }

        await sending;
    }

    [Fact]
    public async Task A_thousand_files_that_the_receiver_does_not_take_are_closed()
    {
        SkipUnless(Transport.CarriesHandles, "the kernel does not carry open files there");

        (Sender sender, Receiver receiver) = await OpenAsync(8);
        using AnonymousPipeServerStream reader = new(PipeDirection.In);
        SafePipeHandle writer = reader.ClientSafePipeHandle;
        Task sending = Task.Run(async () =>
        {
            for (int i = 0; i < 1_000; i++)
            {
                await sender.SendHandleAsync(writer, Payload.Make(i, 20));
            }

            writer.Dispose();
        });
        for (int i = 0; i < 1_000; i++)
        {
            using Message message = await receiver.ReceiveAsync();
            Assert.Equal((i, 0), Payload.Check(message.Span));
        }

        await sending;

        // The end of the pipe comes when the last copy of its writer is closed.
        Assert.Equal(-1, await OnThread(reader.ReadByte));
    }

    [Fact]
    public async Task A_receiver_that_reads_nothing_holds_a_limited_number_of_files_and_closes_all_at_its_end()
    {
        SkipUnless(Transport.CarriesHandles, "the kernel does not carry open files there");

        (Sender sender, Receiver receiver) = await OpenAsync(5);
        using AnonymousPipeServerStream reader = new(PipeDirection.In);
        SafePipeHandle writer = reader.ClientSafePipeHandle;
        for (int i = 0; i < 5; i++)
        {
            sender.SendHandle(writer);
        }

        Fails(ErrorCode.Timeout, () => sender.SendHandle(writer, timeout: 30.Milliseconds()));
        Task waiting = sender.SendHandleAsync(writer).AsTask();
        receiver.Dispose();
        await FailsAsync(ErrorCode.PeerGone, () => waiting);
        writer.Dispose();
        Assert.Equal(-1, await OnThread(reader.ReadByte));
    }

    [Fact]
    public async Task Sockets_are_handed_over()
    {
        SkipUnless(Transport.CarriesHandles, "the kernel does not carry open files there");

        Pair far = Track(await Pair.BindAsync(NewPlace("handles=1")));
        Pair near = Track(await Pair.ConnectAsync(OtherEnd(far.Address)));
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        listener.Listen();
        System.Net.EndPoint place = listener.LocalEndPoint!;
        await near.SendHandleAsync(listener.SafeHandle, "serve on"u8.ToArray());
        listener.Dispose();
        using Message message = await far.ReceiveAsync();
        using Socket taken = new(message.TakeHandle<SafeSocketHandle>());
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(place);
        using Socket served = await taken.AcceptAsync();
        Assert.Equal(client.LocalEndPoint, served.RemoteEndPoint);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public async Task Files_that_were_not_requested_are_closed(int handles)
    {
        SkipUnless(Transport.CarriesHandles, "the kernel does not carry open files there");

        Receiver receiver = Track(await Receiver.BindAsync(NewPlace($"handles={handles}")));
        using RawPeer raw = Track(RawPeer.Introduce(Transport, receiver.Address, "Sender"));
        using AnonymousPipeServerStream reader = new(PipeDirection.In);
        using (Descriptor socket = NativeSpawn.Duplicate((int)raw.Socket.Handle, 3, out _)!)
        using (Descriptor writer = NativeSpawn.Duplicate((int)reader.ClientSafePipeHandle.DangerousGetHandle(), 3, out _)!)
        {
            // With a message that does not announce a file.
            byte[] frame = new byte[MessageHeader.Size];
            new MessageHeader { Kind = MessageKind.Send }.Write(frame);
            Assert.Equal(frame.Length, DescriptorPassing.Send(socket, frame, writer).Count);
        }

        reader.DisposeLocalCopyOfClientHandle();
        using (Message message = await receiver.ReceiveAsync())
        {
            Assert.False(message.HasHandle);
        }

        Assert.Equal(-1, await OnThread(reader.ReadByte));
        if (handles > 0)
        {
            await Until(() => receiver.Peers.Count == 0, "the peer is sent away");
        }
    }

    [Fact]
    public async Task SendHandle_throws_if_the_receiver_or_the_transport_accepts_no_files()
    {
        using SafeFileHandle file = FileOf("file");
        if (Transport.CarriesHandles)
        {
            (Sender sender, Receiver receiver) = await OpenAsync(0);
            Output.WriteLine(Fails(ErrorCode.NotSupported, () => sender.SendHandle(file)).Message);
            await FailsAsync(ErrorCode.NotSupported, async () => await sender.SendHandleAsync(file));
            sender.Send("on"u8);
            using Message message = await receiver.ReceiveAsync();
            Assert.False(message.HasHandle);
            Assert.Throws<InvalidOperationException>(() => message.TakeHandle());
            (Sender other, _) = await OpenAsync(1);
            Assert.Throws<ArgumentException>(() => other.SendHandle(new SafeFileHandle(9_999, ownsHandle: false)));
            Fails(ErrorCode.NotSupported, () => Receiver.Bind(NewPlace("handles=1&framing=line")));
            return;
        }

        Receiver bound = Track(await Receiver.BindAsync(NewPlace()));
        Sender none = Track(await Sender.ConnectAsync(OtherEnd(bound.Address)));
        Output.WriteLine(Fails(ErrorCode.NotSupported, () => none.SendHandle(file)).Message);
        Fails(ErrorCode.NotSupported, () => Receiver.Bind(NewPlace(), new EndpointOptions { MaxUnreadHandles = 1 }));
    }

    private async Task<(Sender Sender, Receiver Receiver)> OpenAsync(int handles)
    {
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace($"handles={handles}")));
        return (Track(await Sender.ConnectAsync(OtherEnd(receiver.Address))), receiver);
    }

    private static SafeFileHandle FileOf(string text)
    {
        string path = Path.GetTempFileName();
        File.WriteAllText(path, text);
        return File.OpenHandle(path, options: FileOptions.DeleteOnClose);
    }

    private static string TextOf(SafeFileHandle file)
    {
        byte[] bytes = new byte[100];
        return Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(file, bytes, 0));
    }
}
