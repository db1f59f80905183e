using Fairlead.Native;
using Fairlead.Transports.Udp;

namespace Fairlead.Tests.Transports.Udp;

/// <summary>A reliable session that cannot be created leaves nothing behind.</summary>
public sealed class ReliableSessionTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void What_was_made_before_the_socket_is_refused_is_given_back()
    {
        CountedTimers time = new();

        // The kernel cannot watch a regular file.
        File.WriteAllText(_directory["file"], "");
        using var opened = File.OpenHandle(_directory["file"], FileMode.Open, FileAccess.ReadWrite);
        using Descriptor file = new((int)opened.DangerousGetHandle());
        opened.SetHandleAsInvalid();
        ReliableTerms terms = new(1, 2, 3, SegmentBuffers.Ordinary, 8, 8);

        Assert.Throws<FairleadException>(() => new ReliableSession(file, terms, time, new Peer()));

        Assert.Equal((1, 1), (time.Made, time.Disposed));
        Assert.False(file.IsClosed);
    }

    private sealed class CountedTimers : TimeProvider
    {
        public int Made { get; private set; }

        public int Disposed { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Made++;
            return new CountedTimer(this);
        }

        private sealed class CountedTimer(CountedTimers time) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose() => time.Disposed++;

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }
}
