using System.Text;
using Fairlead.Rpc.Tests.Contracts;
using Spot = System.Drawing.Point;

namespace Fairlead.Rpc.Tests.Marshalling;

/// <summary>A type that cannot travel itself travels as the parts that a converter makes of it.</summary>
public sealed class ConverterTests : IDisposable
{
    private readonly RpcServer _server = Rpc.Serve<IConverted>($"inproc://rpc-{Guid.NewGuid():N}", new ConvertedService());
    private readonly RpcClient<IConverted> _client;

    public ConverterTests() => _client = Rpc.Connect<IConverted>($"{_server.Addresses[0]}");

    private IConverted Service => _client.Service;

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
    }

    [Fact]
    public void Converted_values_are_passed_in_each_position()
    {
        Spot point = new(1, 2);
        Rune sign = new('ü');
        Assert.Equal(point, Service.Same(point));
        Assert.Equal(point, Service.SameOrNull(point));
        Assert.Null(Service.SameOrNull(null));
        Assert.Equal("iso-8859-1", Service.SameEncoding(Encoding.Latin1)!.WebName);
        Assert.Null(Service.SameEncoding(null));
        Assert.Equal([sign, new Rune(0x1F600)], Service.SameRunes([sign, new Rune(0x1F600)]));
        Assert.Equal("iso-8859-1", Service.SameMap(new() { [point] = Encoding.Latin1, [new Spot(3, 4)] = Encoding.Latin1 })[point].WebName);
        Assert.Equal([sign], Service.SameSet([sign]));
        Assert.Equal((point, sign), Service.SamePair((point, sign)));
        Assert.Equal((point, null), Service.SamePair((point, null)));
        Marked marked = Service.SameMarked(new Marked(point, Encoding.Latin1));
        Assert.Equal((point, "iso-8859-1"), (marked.At, marked.Encoding?.WebName));
        Assert.Equal(new Marked(null, null), Service.SameMarked(new Marked(null, null)));
        Assert.Equal(new Dot(point), Service.SameDrawn(new Dot(point)));
        Label label = Assert.IsType<Label>(Service.SameDrawn(new Label(sign, [point, point])));
        Assert.Equal((sign, 2, point), (label.Sign, label.Corners.Length, label.Corners[1]));
        Assert.Equal("letters", $"{Service.SameLetters(new StringBuilder("letters"))}");
    }

    [Fact]
    public async Task Items_of_streams_and_values_of_callbacks_are_converted()
    {
        List<Spot> seen = [];
        await foreach (Spot point in Service.EachAsync(new Spot[] { new(1, 2), new(3, 4) }.ToAsyncEnumerable()))
        {
            seen.Add(point);
        }

        Watcher watcher = new();
        await Service.VisitAsync(watcher);
        Assert.Equal([new Spot(1, 2), new Spot(3, 4)], seen);
        Assert.Equal([new Spot(1, 2), new Spot(2, 2)], watcher.Seen);
    }

    [Fact]
    public async Task A_converter_that_throws_at_the_sender_ends_the_call_before_it_is_sent()
    {
        TaskCompletionSource<Exception> failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _server.HandlerFailed += (_, failure) => failed.TrySetResult(failure.Exception);
        Assert.Throws<NotSupportedException>(() => Service.Same(PixelConverter.Unsendable));
        Assert.Throws<NotSupportedException>(() => Service.Note(PixelConverter.Unsendable));
        await Assert.ThrowsAsync<NotSupportedException>(async () => await CountAsync(PixelConverter.Unsendable));

        // The first that the service itself has seen: a result.
        Assert.Equal("System.NotSupportedException", Assert.Throws<RpcException>(() => Service.Broken()).ServerType);
        Assert.IsType<NotSupportedException>(await failed.Task.WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal(new Spot(1, 2), Service.Same(new Spot(1, 2)));
    }

    [Fact]
    public async Task A_converter_that_throws_at_the_reader_ends_that_call_only()
    {
        FairleadException refused = Assert.Throws<FairleadException>(() => Service.Same(PixelConverter.Unreadable));
        Assert.Equal(ErrorCode.Corrupt, refused.Code);
        Assert.Contains("PixelConverter does not make a Point", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
        Dictionary<Spot, Encoding> map = new() { [PixelConverter.Unreadable] = Encoding.UTF8 };
        Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(() => Service.SameMap(map)).Code);
        Assert.Equal(
            ErrorCode.Corrupt,
            (await Assert.ThrowsAsync<FairleadException>(async () => await CountAsync(PixelConverter.Unreadable))).Code);
        Service.Note(PixelConverter.Unreadable);
        Assert.Equal(new Spot(1, 2), Service.Same(new Spot(1, 2)));
        Assert.False(_client.Completion.IsCompleted);
    }

    [Fact]
    public void The_description_shows_the_parts_of_converted_types()
    {
        Assert.Contains("using Point = Pixel;", _client.Description.Types);
        Assert.Contains("public record struct Pixel(int X, int Y);", _client.Description.Types);
        Assert.Contains("using Encoding = string;", _client.Description.Types);
        Assert.Equal("({X:i32,Y:i32})->{X:i32,Y:i32}", _client.Description.Members[0].Shape);
        Assert.Equal(
            "({{X:i32,Y:i32}=text})->{{X:i32,Y:i32}=text}",
            _client.Description.Members.Single(static one => one.Name == nameof(IConverted.SameMap)).Shape);
        Assert.Contains(_client.Description.Members, static one => one.Shape == "({First:char,Rest:^1?})->{First:char,Rest:^1?}");
    }

    private async Task<int> CountAsync(Spot point)
    {
        int count = 0;
        await foreach (Spot one in Service.EachAsync(new[] { point }.ToAsyncEnumerable()))
        {
            count++;
        }

        return count;
    }

    private sealed class Watcher : IPointWatcher
    {
        public List<Spot> Seen { get; } = [];

        public ValueTask<Spot> SawAsync(Spot value, CancellationToken cancellationToken = default)
        {
            Seen.Add(value);
            return new ValueTask<Spot>(new Spot(value.X + 1, value.Y));
        }
    }
}
