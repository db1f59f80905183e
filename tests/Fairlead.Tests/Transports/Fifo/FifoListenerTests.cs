using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Waiting;
using Fairlead.Time;
using Fairlead.Transports;
using Fairlead.Transports.Fifo;

namespace Fairlead.Tests.Transports.Fifo;

/// <summary>A bound FIFO that cannot watch for its next peer says why, and watches again as soon as it can.</summary>
public sealed class FifoListenerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_writer_without_a_thread_waits_for_readers_at_the_next_attempt()
    {
        Address address = $"fifo://{_directory["one"]}?framing=line";
        using FifoWriterListener listener = FifoWriterListener.Bind(address, SettingsFor(address, PatternKind.Sender));
        using (Descriptor reader = Open(_directory["one"], OpenFlags.ReadOnly))
        {
            Connection connection = Accept(listener);
            using NoThreads none = new();
            connection.Dispose();
            AssertSaysWhy(listener);
        }

        Assert.Null(listener.TryAccept());
        using Descriptor next = Open(_directory["one"], OpenFlags.ReadOnly);
        Accept(listener).Dispose();
    }

    [Fact]
    public void A_pair_without_a_thread_waits_for_programs_at_the_next_attempt()
    {
        Address address = $"fifo://{_directory["there"]},{_directory["back"]}?framing=line";
        using FifoPairListener listener = FifoPairListener.Bind(address, SettingsFor(address, PatternKind.Pair));
        using (Descriptor toPair = Open(_directory["there"], OpenFlags.WriteOnly))
        using (Descriptor fromPair = Open(_directory["back"], OpenFlags.ReadOnly))
        {
            Connection connection = Accept(listener);
            using NoThreads none = new();
            connection.Dispose();
            AssertSaysWhy(listener);
        }

        Assert.Null(listener.TryAccept());
        using Descriptor nextToPair = Open(_directory["there"], OpenFlags.WriteOnly);
        using Descriptor nextFromPair = Open(_directory["back"], OpenFlags.ReadOnly);
        Accept(listener).Dispose();
    }

    [Fact]
    public void A_listener_that_cannot_start_releases_its_name()
    {
        Address address = $"fifo://{_directory["one"]}?framing=line";
        EndpointSettings settings = SettingsFor(address, PatternKind.Sender);
        NoThreads.AssertRefused(() => FifoWriterListener.Bind(address, settings));
        Assert.False(File.Exists(_directory["one"]));

        FifoWriterListener.Bind(address, settings).Dispose();
    }

    private static EndpointSettings SettingsFor(Address address, PatternKind kind) =>
        EndpointSettings.From(address, null, kind, BuiltInTransports.Find(address));

    /// <summary>Opens it like a program without Fairlead, which waits for the other end.</summary>
    private static Descriptor Open(string path, OpenFlags flags) =>
        NativeFile.Open(path, flags | OpenFlags.Blocking, out Errno error) ?? throw ErrnoMap.Failure(path, error);

    private static Connection Accept(FifoListener listener)
    {
        while (true)
        {
            Assert.NotEqual(PollEvents.None, BlockingWait.Wait(listener.WaitDescriptor, PollEvents.Read, 60.Seconds()));
            if (listener.TryAccept() is { } connection)
            {
                return connection;
            }
        }
    }

    /// <summary>Twice: it remains ready to be tried, and each attempt says why it failed.</summary>
    private static void AssertSaysWhy(FifoListener listener)
    {
        for (int i = 0; i < 2; i++)
        {
            Assert.NotEqual(PollEvents.None, BlockingWait.Wait(listener.WaitDescriptor, PollEvents.Read, 60.Seconds()));
            Assert.Equal(ErrorCode.Unavailable, Assert.Throws<FairleadException>(() => listener.TryAccept()).Code);
        }

        Assert.NotEqual(PollEvents.None, BlockingWait.Wait(listener.WaitDescriptor, PollEvents.Read, 60.Seconds()));
    }
}
