using System.Globalization;
using Fairlead.Cli.Input;
using Microsoft.Win32.SafeHandles;

namespace Fairlead.Cli.Tour;

/// <summary>The input of the tour. It stays open in the parent; the workers open it by its path.</summary>
internal sealed class TourSource : IDisposable
{
    private readonly SafeFileHandle? _spool;

    private TourSource(TourCut cut, SafeFileHandle? spool)
    {
        Cut = cut;
        _spool = spool;
    }

    public TourCut Cut { get; }

    /// <summary>Opens an input; null: the built-in text, -: stdin.</summary>
    public static TourSource Open(string? input)
    {
        if (input is null)
        {
            using var text = new MemoryStream(TourText.Bytes);
            return new TourSource(TourCut.Of(text, null), null);
        }

        if (input == "-")
        {
            StandardInput.ThrowIfClosed();
        }

        using var stream = input == "-" ? Console.OpenStandardInput() : new FileStream(input, FileMode.Open, FileAccess.Read);
        return stream is FileStream { CanSeek: true } ? new TourSource(TourCut.Of(stream, Path.GetFullPath(input)), null) : Spool(stream);
    }

    public void Dispose() => _spool?.Dispose();

    /// <summary>Copies an input that can be read only once into an unnamed file, which disappears with this process in any case.</summary>
    private static TourSource Spool(Stream stream)
    {
        var path = Path.GetTempFileName();
        var spool = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        File.Delete(path);
        var shared = string.Create(CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/fd/{spool.DangerousGetHandle()}");
        using (var file = new FileStream(shared, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            stream.CopyTo(file);
            file.Position = 0;
            return new TourSource(TourCut.Of(file, shared), spool);
        }
    }
}
