using System.Runtime.CompilerServices;
using Fairlead.Logs;

namespace Fairlead.Tests.Ambient;

/// <summary>Endpoints and logs do not keep the <c>AsyncLocal</c> values of the code that opens them.</summary>
public sealed class AmbientValueTests : IDisposable
{
    private static readonly AsyncLocal<object?> Value = new();

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("inproc://{0}")]
    [InlineData("unix://{1}/u")]
    [InlineData("shm://{0}")]
    [InlineData("tcp://127.0.0.1:0?heartbeat=10s")]
    [InlineData("udp://127.0.0.1:0?reliable=true")]
    public void A_receiver_and_its_sender_keep_no_value_of_their_callers(string address)
    {
        string place = string.Format(null, address, $"ambient-{Guid.NewGuid():N}", _directory.Path);
        WeakReference[] values = new WeakReference[2];
        using Receiver receiver = Make(values, 0, () => Receiver.Bind(place));
        using Sender sender = Make(values, 1, () => Sender.Connect(receiver.Address));
        sender.Send("hello"u8);
        receiver.Receive().Dispose();
        AssertForgotten(values);
    }

    [Fact]
    public void A_hub_of_datagrams_keeps_no_value_of_its_caller()
    {
        WeakReference[] values = new WeakReference[1];
        using Hub hub = Make(values, 0, static () => Hub.Bind("udp://127.0.0.1:0?idle=1m"));
        AssertForgotten(values);
    }

    [Fact]
    public void A_log_that_synchronizes_at_an_interval_keeps_no_value_of_its_caller()
    {
        WeakReference[] values = new WeakReference[1];
        using MappedLog log = Make(values, 0, () =>
        {
            MappedLog made = MappedLog.Open($"log://{_directory.Path}/log?sync=1h");
            made.Append("record"u8);
            return made;
        });
        AssertForgotten(values);
    }

    [Fact]
    public void A_reader_of_a_channel_keeps_no_value_of_its_caller()
    {
        using Receiver receiver = Receiver.Bind($"inproc://ambient-{Guid.NewGuid():N}");
        WeakReference[] values = new WeakReference[1];
        var channel = Make(values, 0, () => receiver.AsChannelReader(static message => message.Text));
        AssertForgotten(values);
        GC.KeepAlive(channel);
    }

    /// <summary>Makes a thing on a thread that ends, in whose context there is a value.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static T Make<T>(WeakReference[] values, int index, Func<T> make)
        where T : class
    {
        T? made = null;
        Exception? problem = null;
        Thread thread = new(() =>
        {
            object value = new();
            values[index] = new WeakReference(value);
            Value.Value = value;
            try
            {
                made = make();
            }
            catch (Exception exception)
            {
                problem = exception;
            }
        });
        thread.Start();
        thread.Join();
        Assert.Null(problem);
        return made!;
    }

    private static void AssertForgotten(WeakReference[] values)
    {
        // A thread of the pool may still hold the value for a moment.
        Assert.True(
            SpinWait.SpinUntil(
                () =>
                {
                    GC.Collect();
                    return !Array.Exists(values, static value => value.IsAlive);
                },
                TimeSpan.FromSeconds(20)),
            "the value is still reachable");
    }
}
