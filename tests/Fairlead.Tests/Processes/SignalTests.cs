using Fairlead.Processes;

namespace Fairlead.Tests.Processes;

/// <summary>Signals as values.</summary>
public sealed class SignalTests
{
    private static IEnumerable<Signal> All => Enumerable.Range(0, 65).Select(Signal.FromNumber);

    [Fact]
    public void All_signals_are_listed_by_number_and_each_is_parsed_from_its_name()
    {
        Assert.Equal(Signal.Hangup, Signal.All[0]);
        Assert.Equal(64, Signal.All[^1].Number);
        Assert.Equal(Signal.All.OrderBy(static signal => signal.Number), Signal.All);
        Assert.All(Signal.All, static signal => Assert.Equal(signal, Signal.Parse(signal.Name)));
        Assert.Contains(Signal.RealTime(0), Signal.All);
        Assert.DoesNotContain(Signal.All, static signal => signal.Number is 32 or 33);
    }

    [Fact]
    public void Each_number_is_a_signal_and_its_name_leads_back()
    {
        for (int number = 0; number <= 64; number++)
        {
            Signal signal = Signal.FromNumber(number);
            Assert.Equal(number, signal.Number);

            // Zero is not a signal, and those before the first real-time signal belong to the C library.
            Assert.Equal(number is not 0 and (<= 31 or >= 34), Signal.TryParse(signal.Name, out Signal again));
            Assert.True(again == signal || again == default, $"{signal} is read as {again}");
        }

        Assert.Equal(default, Signal.FromNumber(0));
        Assert.Equal(Signal.Terminate, Signal.FromNumber(15));
        Assert.Equal(Signal.Kill, Signal.FromNumber(9));
        Assert.Throws<ArgumentOutOfRangeException>(static () => Signal.FromNumber(-1));
        Assert.Throws<ArgumentOutOfRangeException>(static () => Signal.FromNumber(65));
    }

    [Fact]
    public void SIGKILL_and_SIGSTOP_are_the_only_uncatchable_signals() =>
        Assert.Equal([Signal.Kill, Signal.Stop], All.Where(static signal => signal.IsUncatchable));

    [Fact]
    public void Real_time_signals_are_the_last_ones_without_those_reserved_by_the_C_library()
    {
        Signal first = Signal.RealTime(0);
        Assert.True(first.Number > 31);
        Assert.Equal(
            Enumerable.Range(first.Number, 65 - first.Number),
            All.Where(static signal => signal.IsRealTime).Select(static signal => signal.Number));
        Assert.Equal(64, Signal.RealTime(64 - first.Number).Number);
        Assert.Throws<ArgumentOutOfRangeException>(() => Signal.RealTime(65 - first.Number));
    }

    [Fact]
    public async Task The_token_of_a_stream_cancels_each_of_its_enumerations()
    {
        using CancellationTokenSource source = new();
        IAsyncEnumerable<SignalInfo> stream = Signals.ListenAsync(Signal.User2, source.Token);
        await stream.GetAsyncEnumerator().DisposeAsync();
        await using IAsyncEnumerator<SignalInfo> later = stream.GetAsyncEnumerator();

        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => later.MoveNextAsync().AsTask());
    }
}
