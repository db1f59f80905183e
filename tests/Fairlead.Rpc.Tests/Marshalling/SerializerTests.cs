using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Marshalling;

/// <summary>A contract whose values are JSON.</summary>
public sealed class SerializerTests : IDisposable
{
    private readonly RpcServer _server = Rpc.Serve<IShop>("unix://" + $"rpc-{Guid.NewGuid():N}"[..16], new Shop());
    private readonly RpcClient<IShop> _client;

    public SerializerTests() => _client = Rpc.Connect<IShop>($"{_server.Addresses[0]}");

    private IShop Service => _client.Service;

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
    }

    [Fact]
    public async Task Values_streams_and_callbacks_pass_in_both_directions()
    {
        Article article = Make(1) with { Next = Make(2) };
        Article same = Service.Same(article);
        Assert.Equal((article.Name, article.Page, "2"), (same.Name, same.Page, same.Next?.More.GetRawText()));
        Assert.Equal("article 1", await Service.NameAsync(article));
        Assert.Null(await Service.NameAsync(null));
        List<string> names = [];
        await foreach (Article line in Service.LinesAsync([.. Enumerable.Range(0, 1000).Select(Make)]))
        {
            names.Add(line.Name);
        }

        Assert.Equal(Enumerable.Range(0, 1000).Select(static i => $"article {i}"), names);
        Assert.Equal(100, await Service.CountAsync(Items(100), new Calculator()));
    }

    [Fact]
    public async Task The_format_is_part_of_the_contract()
    {
        Assert.Equal("(~json)->~json", _server.Description.Members[0].Shape);
        var refused = await Assert.ThrowsAsync<FairleadException>(
            async () => await Rpc.ConnectAsync<IPlainShop>($"{_server.Addresses[0]}"));
        Assert.Equal(ErrorCode.Incompatible, refused.Code);
        Assert.Contains("NameAsync differs", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_escapes_text_with_the_encoder_of_its_options()
    {
        ShopContext relaxed = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        ArrayBufferWriter<byte> plain = new();
        new RelaxedJson(relaxed).Serialize("blå", plain);
        Assert.Equal("\"blå\"", Encoding.UTF8.GetString(plain.WrittenSpan));
        ArrayBufferWriter<byte> escaped = new();
        new RelaxedJson(ShopContext.Default).Serialize("blå", escaped);
        Assert.Equal("\"bl\\u00E5\"", Encoding.UTF8.GetString(escaped.WrittenSpan));
    }

    [Fact]
    public void A_type_unknown_to_the_serializer_is_refused_before_the_call_is_sent()
    {
        var refused = Assert.Throws<FairleadException>(() => Service.Unknown(TimeSpan.Zero));
        Assert.Equal(ErrorCode.NotSupported, refused.Code);
        Assert.Contains("ShopContext does not know System.TimeSpan", refused.Message, StringComparison.Ordinal);
        Assert.Equal("article 1", Service.Same(Make(1)).Name);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[1,2]")]
    [InlineData("{\"Name\":1}")]
    [InlineData("{\"Name\":\"a\",\"Page\":\"b\",\"More\":{}} x")]
    public async Task Bytes_that_the_serializer_refuses_are_refused(string json)
    {
        await using Requester stranger = await Requester.ConnectAsync(_server.Addresses[0]);
        byte[] frame = Call(json);
        var refused = Assert.Throws<FairleadException>(() => stranger.Request(frame).Dispose());
        Assert.Equal(ErrorCode.Corrupt, refused.Code);
        Assert.Equal("article 1", Service.Same(Make(1)).Name);
    }

    [Fact]
    public async Task Deep_json_is_refused()
    {
        await using Requester stranger = await Requester.ConnectAsync(_server.Addresses[0]);
        string deep = string.Concat(Enumerable.Repeat("{\"Next\":", 100_000));
        Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(() => stranger.Request(Call(deep)).Dispose()).Code);
    }

    private static Article Make(int i) =>
        new($"article {i}", new Uri($"https://example.org/{i}"), JsonDocument.Parse($"{i}").RootElement);

    private static async IAsyncEnumerable<Article> Items(int count)
    {
        for (int i = 0; i < count; i++)
        {
            await Task.Yield();
            yield return Make(i);
        }
    }

    private byte[] Call(string json)
    {
        RpcWriter call = new([]);
        Frames.WriteCall(ref call, 0, _server.Description.Hash);
        call.WriteBytes(Encoding.UTF8.GetBytes(json));
        byte[] frame = call.Written.ToArray();
        call.Dispose();
        return frame;
    }

    private sealed class RelaxedJson(ShopContext context) : JsonRpcSerializer(context);
}
