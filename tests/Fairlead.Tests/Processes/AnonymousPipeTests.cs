using System.Text;
using Fairlead.Processes;

namespace Fairlead.Tests.Processes;

/// <summary>Both ends of a pipe in one process.</summary>
public sealed class AnonymousPipeTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Bytes_pass_from_the_writer_to_the_reader_until_the_writer_is_closed()
    {
        using AnonymousPipe pipe = AnonymousPipe.Create();
        await using Stream reader = pipe.OpenReader();
        await using Stream writer = pipe.OpenWriter();

        // Longer than a pipe, so both sides wait for each other.
        byte[] sent = new byte[1_000_000];
        Random.Shared.NextBytes(sent);
        Task writing = Task.Run(async () =>
        {
            await writer.WriteAsync(sent);
            await writer.DisposeAsync();
        });
        using MemoryStream got = new();
        await reader.CopyToAsync(got).WaitAsync(Watchdog);
        await writing.WaitAsync(Watchdog);
        Assert.Equal(sent, got.ToArray());
    }

    [Fact]
    public async Task A_cancelled_read_of_an_empty_pipe_ends_and_later_reads_work()
    {
        using AnonymousPipe pipe = AnonymousPipe.Create();
        await using Stream reader = pipe.OpenReader();
        await using Stream writer = pipe.OpenWriter();
        using CancellationTokenSource end = new();
        byte[] buffer = new byte[16];
        ValueTask<int> reading = reader.ReadAsync(buffer, end.Token);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await reading);
        writer.Write("again"u8);
        int count = await reader.ReadAsync(buffer).AsTask().WaitAsync(Watchdog);
        Assert.Equal("again", Encoding.UTF8.GetString(buffer, 0, count));
    }

    [Fact]
    public void A_write_without_a_reader_throws_and_a_disposed_pipe_opens_no_stream()
    {
        AnonymousPipe pipe = AnonymousPipe.Create();
        using Stream writer = pipe.OpenWriter();
        pipe.OpenReader().Dispose();
        Assert.Throws<IOException>(() => writer.Write("x"u8));
        pipe.Dispose();
        Assert.Throws<ObjectDisposedException>(pipe.OpenReader);
        Assert.Throws<ObjectDisposedException>(pipe.OpenWriter);
    }
}
