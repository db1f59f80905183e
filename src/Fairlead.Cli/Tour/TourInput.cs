using Microsoft.Win32.SafeHandles;

namespace Fairlead.Cli.Tour;

/// <summary>
/// The input that the processes of a tour send to each other: a file, or the built-in text, as numbered messages whose bytes together are
/// the whole.
/// </summary>
internal sealed class TourInput : IDisposable
{
    private readonly SafeFileHandle? _file;
    private readonly byte[]? _text;

    private TourInput(TourCut cut, SafeFileHandle? file, byte[]? text)
    {
        Cut = cut;
        _file = file;
        _text = text;
    }

    /// <summary>How the input is cut into messages.</summary>
    public TourCut Cut { get; }

    /// <summary>Opens the input that the parent of the tour has split.</summary>
    public static TourInput Open(TourCut cut) => cut.Path is { } path
        ? new TourInput(cut, File.OpenHandle(path, options: FileOptions.RandomAccess), null)
        : new TourInput(cut, null, TourText.Bytes);

    /// <summary>Copies message <paramref name="index"/> into <paramref name="destination"/>, which is large enough.</summary>
    public void Read(int index, Span<byte> destination)
    {
        var (start, length) = Cut.Message(index);
        if (_text is not null)
        {
            _text.AsSpan((int)start, length).CopyTo(destination);
            return;
        }

        for (var done = 0; done < length;)
        {
            var count = RandomAccess.Read(_file!, destination[done..length], start + done);
            done += count > 0 ? count : throw new ToolException(ExitCode.Failure, $"the input {Cut.Path} became shorter during the tour");
        }
    }

    public void Dispose() => _file?.Dispose();
}
