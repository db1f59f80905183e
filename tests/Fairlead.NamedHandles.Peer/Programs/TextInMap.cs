using System.IO.MemoryMappedFiles;
using System.Text;

namespace Programs;

/// <summary>A text in a map: its length in bytes, then its UTF-8.</summary>
internal static class TextInMap
{
    public static string ReadText(this MemoryMappedViewAccessor map, long position)
    {
        byte[] text = new byte[map.ReadInt32(position)];
        map.ReadArray(position + sizeof(int), text, 0, text.Length);
        return Encoding.UTF8.GetString(text);
    }

    /// <summary>Writes a text.</summary>
    /// <param name="map">The map.</param>
    /// <param name="position">Where the text begins.</param>
    /// <param name="text">The text.</param>
    /// <param name="space">How many bytes the text and its length may have.</param>
    public static void WriteText(this MemoryMappedViewAccessor map, long position, string text, int space)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length + sizeof(int) > space)
        {
            throw new ArgumentException($"The text has {bytes.Length} bytes, and {space - sizeof(int)} fit.", nameof(text));
        }

        map.Write(position, bytes.Length);
        map.WriteArray(position + sizeof(int), bytes, 0, bytes.Length);
    }
}
